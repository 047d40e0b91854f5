/** A promise, and what resolves it. */
export interface Deferred<Value = void> {
  readonly promise: Promise<Value>;
  /** Only the first call counts. */
  readonly resolve: (value: Value) => void;
}

export function createDeferred<Value = void>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((own) => {
    resolve = own;
  });
  return { promise, resolve };
}
