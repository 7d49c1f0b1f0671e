/*
 * A photo is two attachments: itself, and a small picture of it for the list. Their names sort in the order in which they
 * were added.
 */
const THUMBNAIL = 'thumbnail ';

/** Two of one file are two photos. */
export function namePhoto(fileName: string): string {
  return `${new Date().toISOString()} ${crypto.randomUUID().slice(0, 4)} ${fileName}`;
}

export function thumbnailOf(photo: string): string {
  return THUMBNAIL + photo;
}

export function isThumbnail(name: string): boolean {
  return name.startsWith(THUMBNAIL);
}

/** What the file was called where it came from. */
export function fileNameOf(photo: string): string {
  return photo.split(' ').slice(2).join(' ') || 'photo';
}
