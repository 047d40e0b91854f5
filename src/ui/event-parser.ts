/** One Server-Sent Event, with the fields that a task's stream needs. */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/**
 * Parses an event stream by the HTML standard, section 9.2.6, but for the fields `event` and
 * `retry`. The text may be split anywhere: each call returns the events that became complete.
 */
export function createEventParser(): (text: string) => StreamEvent[] {
  // The line that is not complete yet.
  let rest = '';
  let id: string | undefined;
  let data: string | undefined;
  return (text) => {
    const events: StreamEvent[] = [];
    rest += text;
    // Without this, a large event in small pieces would be searched anew with each of them.
    if (!/[\r\n]/.test(text)) return events;
    // A carriage return at the very end may be the first half of a line break.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, field, value = ''] = /^(id|data)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'data') data = data === undefined ? value : `${data}\n${value}`;
      if (field === 'id' && !value.includes('\0')) id = value;
      if (line) continue;
      if (data !== undefined) events.push({ id, data });
      id = data = undefined;
    }
    return events;
  };
}
