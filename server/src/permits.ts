import { inspect } from 'node:util';
import { isDeleted, type JsonObject, type State, sameState } from '@breakwater/crdt';
import { type AskedHooks, answeredWithin, HOOKS_DEADLINE_MS } from './asked-hooks.ts';
import type { Authorize, Permission, ProposedWrite } from './authorize.ts';
import type { Definitions } from './definitions.ts';
import { type Incoming, type Refused, refuse, refuseForbidden, shorten } from './inspect-push.ts';
import type { Judge, RowChange } from './judge.ts';
import type { Scheduler } from './scheduler.ts';
import type { RowKey } from './store.ts';

/** What the hook says of the rows of one push. */
export interface Permits extends AskedHooks {
  readonly judge: Judge;
}

/** The hook failed, so that nobody knows whether a row may be written. */
export class AuthorizeError extends Error {
  override readonly name = 'AuthorizeError';
}

export interface PermitsOptions {
  readonly authorize: Authorize;
  readonly writer: Pick<ProposedWrite, 'tenant' | 'user' | 'labels'>;
  /** What is allowed is held against them. */
  readonly definitions: Definitions;
  readonly scheduler: Scheduler;
}

/** In characters: what a client gets to see of the hook's reason. */
const MAX_REASON_LENGTH = 300;

/** What was asked about a row. It holds for the state that the row had then. */
interface Question {
  readonly before: State | undefined;
  /** Undefined: the hook has not answered yet. */
  answer: Answer | undefined;
  /** Never rejects. */
  answered: Promise<void>;
}

type Answer =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly refused: Refused }
  | { readonly kind: 'failed'; readonly error: AuthorizeError };

export function createPermits({ authorize, writer, definitions, scheduler }: PermitsOptions): Permits {
  const deadlineAt = scheduler.now() + HOOKS_DEADLINE_MS;
  const questions = new Map<Incoming, Question>();
  let open: Question[] = [];

  return {
    judge(change) {
      const question = questionAbout(change);
      const { answer } = question;
      switch (answer?.kind) {
        case undefined:
          open.push(question);
          return definitions.validate(change);
        case 'allowed':
          return definitions.validate(change);
        case 'refused':
          return answer.refused;
        case 'failed':
          return judgeUnanswered(change, answer.error);
      }
    },
    restart() {
      open = [];
    },
    get isOpen() {
      return open.length > 0;
    },
    async answers() {
      const answered = Promise.all(open.map((question) => question.answered));
      const late = () => new AuthorizeError(`authorize has not answered within ${HOOKS_DEADLINE_MS / 1000} s`);
      await answeredWithin(scheduler, deadlineAt - scheduler.now(), answered, late);
    },
  };

  function questionAbout(change: RowChange): Question {
    const known = questions.get(change.incoming);
    if (known !== undefined && isSame(known.before, change.before)) return known;
    const question = ask(change);
    questions.set(change.incoming, question);
    return question;
  }

  function ask(change: RowChange): Question {
    const question: Question = { before: change.before, answer: undefined, answered: Promise.resolve() };
    const settle = (permission: Permission) => {
      question.answer = toAnswer(permission);
    };
    const fail = (error: unknown) => {
      question.answer = { kind: 'failed', error: toAuthorizeError(change, error) };
    };
    try {
      const permission = authorize(toWrite(change));
      if (typeof permission === 'object') question.answered = Promise.resolve(permission).then(settle).catch(fail);
      else settle(permission);
    } catch (error) {
      fail(error);
    }
    return question;
  }

  function toWrite({ incoming, before, after, document }: RowChange): ProposedWrite {
    const { key } = incoming;
    const isThere = before !== undefined && !isDeleted(before);
    return {
      ...writer,
      ...key,
      before: isThere ? copyOf(key, definitions.documentOf(key, before)) : undefined,
      after: isDeleted(after) ? undefined : copyOf(key, document),
    };
  }

  /** What a hook does to its documents must not reach the state that they were made of. */
  function copyOf(key: RowKey, document: JsonObject): JsonObject {
    return JSON.parse(JSON.stringify(definitions.complete(key, document)));
  }

  /** The hook may have tripped over what does not fit the schema: such a row must not hold up the others for ever. */
  function judgeUnanswered(change: RowChange, error: AuthorizeError): Refused {
    const refused = definitions.validate(change);
    if (refused === undefined) throw error;
    return refused;
  }
}

function isSame(a: State | undefined, b: State | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameState(a, b);
}

function toAnswer(permission: unknown): Answer {
  if (permission === true) return { kind: 'allowed' };
  if (permission !== false && typeof permission !== 'string') {
    throw new TypeError('it must answer true, false, or why not');
  }
  const refused = permission ? refuse('forbidden', shorten(permission, MAX_REASON_LENGTH)) : refuseForbidden();
  return { kind: 'refused', refused };
}

function toAuthorizeError({ incoming }: RowChange, error: unknown): AuthorizeError {
  const { collection, id } = incoming.key;
  const reason = error instanceof Error ? error.message : inspect(error);
  return new AuthorizeError(`authorize failed for ${JSON.stringify(shorten(id))} of ${collection}: ${reason}`);
}
