import { inspect } from 'node:util';
import type { JsonObject } from '@breakwater/crdt';
import { type AskedHooks, answeredWithin, HOOKS_DEADLINE_MS } from './asked-hooks.ts';
import { isName } from './identity.ts';
import { type Refused, refuse, shorten } from './inspect-push.ts';
import { everybodys, type Labels, type LabelsOf } from './labels.ts';
import { MAX_ROW_LABELS } from './limits.ts';
import { rowKeyText } from './row-key.ts';
import type { Scheduler } from './scheduler.ts';
import type { RowKey } from './store.ts';

/** What the hook says of the rows of one commit. */
export interface RowLabels extends AskedHooks {
  /** The labels of a document, as an app shows it. */
  of(key: RowKey, document: JsonObject): RowLabelsAnswer;
}

export type RowLabelsAnswer = { readonly kind: 'labels'; readonly labels: Labels } | Refused;

/** The hook failed, so that nobody knows who may read a row. */
export class LabelsError extends Error {
  override readonly name = 'LabelsError';
}

export interface RowLabelsOptions {
  readonly labelsOf: LabelsOf;
  readonly tenant: string;
  readonly scheduler: Scheduler;
  readonly log: (line: string) => void;
}

/** What was asked about a document. */
interface Question {
  /** Undefined: the hook has not answered yet. */
  answer: RowLabelsAnswer | { readonly kind: 'failed'; readonly error: LabelsError } | undefined;
  /** Never rejects. */
  answered: Promise<void>;
}

export function createRowLabels({ labelsOf, tenant, scheduler, log }: RowLabelsOptions): RowLabels {
  if (labelsOf === everybodys) return sameForAll([tenant]);
  const deadlineAt = scheduler.now() + HOOKS_DEADLINE_MS;
  const questions = new Map<string, Question>();
  let open: Question[] = [];

  return {
    of(key, document) {
      const text = JSON.stringify(document);
      const name = `${rowKeyText(key)}\0${text}`;
      const question = questions.get(name) ?? ask(key, text);
      questions.set(name, question);
      const { answer } = question;
      if (answer?.kind === 'failed') throw answer.error;
      if (answer !== undefined) return answer;
      open.push(question);
      return { kind: 'labels', labels: [] };
    },
    restart() {
      open = [];
    },
    get isOpen() {
      return open.length > 0;
    },
    async answers() {
      const answered = Promise.all(open.map((question) => question.answered));
      const late = () => new LabelsError(`labelsOf has not answered within ${HOOKS_DEADLINE_MS / 1000} s`);
      await answeredWithin(scheduler, deadlineAt - scheduler.now(), answered, late);
    },
  };

  function ask(key: RowKey, text: string): Question {
    const question: Question = { answer: undefined, answered: Promise.resolve() };
    const settle = (labels: unknown) => {
      question.answer = toAnswer(key, labels);
    };
    try {
      // A copy: what the hook does to it must not reach the state that it was made of.
      const labels = labelsOf(key.collection, JSON.parse(text), { tenant, id: key.id });
      if (labels instanceof Promise) {
        question.answered = labels.then(settle).catch((error: unknown) => {
          question.answer = { kind: 'failed', error: new LabelsError(lineOf(key, error)) };
        });
      } else settle(labels);
    } catch (error) {
      question.answer = refuseUnknown(key, error);
    }
    return question;
  }

  function toAnswer(key: RowKey, labels: unknown): RowLabelsAnswer {
    if (Array.isArray(labels) && labels.length <= MAX_ROW_LABELS && labels.every(isName)) {
      return { kind: 'labels', labels: [...new Set(labels)] };
    }
    return refuseUnknown(key, `it must answer a list of at most ${MAX_ROW_LABELS} texts that are not empty`);
  }

  /** A document that the hook trips over must not hold up the others. */
  function refuseUnknown(key: RowKey, error: unknown): Refused {
    log(lineOf(key, error));
    return refuse('invalid', 'the server cannot tell who may read this');
  }
}

function sameForAll(labels: Labels): RowLabels {
  return { of: () => ({ kind: 'labels', labels }), restart: () => {}, isOpen: false, answers: async () => {} };
}

function lineOf({ collection, id }: RowKey, error: unknown): string {
  const reason = error instanceof Error ? error.message : typeof error === 'string' ? error : inspect(error);
  return `labelsOf failed for ${JSON.stringify(shorten(id))} of ${collection}: ${reason}`;
}
