/**
 * A value that is made once in this process. It is kept on `globalThis`, because bundlers instantiate
 * a module once per route, and reload it while people edit.
 *
 * @param name The value's name, with the version of its shape.
 */
export function processWide<Value>(name: string, create: () => Value): Value {
  const holder = globalThis as { [key: symbol]: Value | undefined };
  const key = Symbol.for(`ai-task-stream.${name}`);
  const value = holder[key] ?? create();
  holder[key] = value;
  return value;
}
