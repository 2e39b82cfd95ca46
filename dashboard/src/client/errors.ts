/** An answer of the API that is not a success, in the API's own sentence. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** The state that a refused command met (409). */
    readonly current: unknown = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Whether the same request may succeed later. */
  get isTransient(): boolean {
    return this.status === 429 || this.status >= 500;
  }
}

/** Whether to ask again: the network's faults and those of the service, not a refusal. */
export function isTransient(error: Error): boolean {
  return error instanceof ApiError ? error.isTransient : true;
}
