/** A promise, and the functions that settle it. */
export interface Deferred<Value = void> {
  readonly promise: Promise<Value>;
  /** Of all calls of `resolve` and `reject`, only the first has an effect. */
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

export function createDeferred<Value = void>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
