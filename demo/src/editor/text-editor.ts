import { defaultKeymap } from '@codemirror/commands';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next';
import type { LiveDocument } from '../data/database.ts';

export interface TextEditorOptions {
  readonly text: ReturnType<LiveDocument['text']>;
  readonly awareness: LiveDocument['awareness'];
  readonly undoManager: ReturnType<LiveDocument['undoManager']>;
}

/** An editor bound to a text: others' cursors in it, undo for what was typed here. */
export function createTextEditor({ text, awareness, undoManager }: TextEditorOptions): EditorView {
  return new EditorView({
    state: EditorState.create({
      doc: text.toString(),
      extensions: [
        // Tab leaves the editor, as it leaves every other field.
        keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
        EditorView.lineWrapping,
        placeholder('What did you see?'),
        EditorView.contentAttributes.of({
          'aria-label': 'Note',
          'data-testid': 'note-body',
          spellcheck: 'true',
          autocapitalize: 'sentences',
        }),
        yCollab(text, awareness, { undoManager }),
      ],
    }),
  });
}
