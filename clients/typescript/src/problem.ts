// What a refused call throws.
//
// Wardroom answers errors as RFC 9457 problem+json. `Problem` carries it; `code` is the stable
// part to decide on, `detail` the part to show. A call that never reached the server is a
// Problem too, with code `unreachable` and status 0, so callers catch one type.
// Next: token-keeper.ts

export interface FieldError {
  /** JSON pointer to the wrong member of the request. */
  pointer: string;
  detail: string;
}

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  request_id?: string;
  errors?: FieldError[];
}

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  readonly errors: FieldError[];
  /** Seconds the server asks to wait (429 and 503). */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: ProblemBody, retryAfter?: number) {
    super(body.detail ?? body.title ?? `the server answered ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.code = body.code ?? (status === 0 ? 'unreachable' : `http_${status}`);
    this.detail = this.message;
    this.requestId = body.request_id;
    this.errors = body.errors ?? [];
    this.retryAfter = retryAfter;
  }

  /** Would the same request, sent later, have a chance? */
  get retryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The socket's error events carry a code and no status; these codes pass by themselves. */
const PASSING_CODES = new Set(['rate_limited', 'unavailable', 'overloaded', 'deadline_exceeded']);

export function isPassingCode(code: string): boolean {
  return PASSING_CODES.has(code);
}

export async function problemFromResponse(response: Response): Promise<Problem> {
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  let body: ProblemBody = {};
  if (/\bjson\b/.test(response.headers.get('content-type') ?? '')) {
    body = await response.json().catch(() => ({})) as ProblemBody;
  }
  return new Problem(response.status, body, Number.isNaN(retryAfter) ? undefined : retryAfter);
}
