import type { Session } from "../session/session";
import { ApiError } from "./errors";

interface Kept {
  etag: string;
  body: unknown;
}

const KEPT_ANSWERS = 200;

/** The API over `fetch`: tokens, entity tags, one renewal after a 401, errors as sentences. */
export class ApiClient {
  /** Answers by address, so that an unchanged one costs a 304; the oldest are forgotten. */
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly session: Session,
    private readonly onSignedOut: () => void,
  ) {}

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const kept = this.kept.get(path);
    const answer = await this.send(path, {
      signal: signal ?? null,
      headers: kept ? { "If-None-Match": kept.etag } : {},
    });
    if (answer.status === 304 && kept) {
      return kept.body as T;
    }
    const body = (await answer.json()) as T;
    this.keep(path, answer.headers.get("ETag"), body);
    return body;
  }

  /** Gets a file that is not JSON, such as a picture. */
  async getFile(path: string, signal?: AbortSignal): Promise<Blob> {
    return (await this.send(path, { signal: signal ?? null })).blob();
  }

  async post<T>(path: string, command: object, idempotencyKey: string): Promise<T> {
    const answer = await this.send(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": idempotencyKey },
      body: JSON.stringify(command),
    });
    return (await answer.json()) as T;
  }

  private keep(path: string, etag: string | null, body: unknown): void {
    this.kept.delete(path);
    if (etag) {
      this.kept.set(path, { etag, body });
    }
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT_ANSWERS) {
        break;
      }
      this.kept.delete(oldest);
    }
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    let answer = await this.authorized(path, init);
    if (answer.status === 401 && (await this.session.renew())) {
      answer = await this.authorized(path, init);
    }
    if (answer.status === 401) {
      this.onSignedOut();
    }
    if (!answer.ok && answer.status !== 304) {
      throw await errorOf(answer);
    }
    return answer;
  }

  private authorized(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, Authorization: `Bearer ${this.session.token()}` };
    return fetch(`/api${path}`, { ...init, headers, cache: "no-store" });
  }
}

async function errorOf(answer: Response): Promise<ApiError> {
  const fallback = `The API answered with HTTP ${answer.status}.`;
  try {
    const body = (await answer.json()) as { message?: unknown; current?: unknown };
    const message = typeof body.message === "string" ? body.message : fallback;
    return new ApiError(answer.status, message, body.current ?? null);
  } catch {
    return new ApiError(answer.status, fallback);
  }
}
