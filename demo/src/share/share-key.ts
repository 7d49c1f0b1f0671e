/** The fragment of a link that carries a place: `#share=<snapshot>`. */
export const SHARE_KEY = 'share';
