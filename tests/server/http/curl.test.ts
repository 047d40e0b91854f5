import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createTaskRoute, defineTask, toNodeHandler } from 'ai-task-stream/server';
import { expect, it } from 'vitest';
import { createDeferred } from '../../helpers/async';
import { relativeIds } from '../../helpers/cursors';
import { withServer } from '../../helpers/http-server';
import { createId, createOwnContext } from '../../helpers/tasks';

/** As `npm test` has found it. */
const curlPath = process.env.CURL_PATH ?? 'curl';

function checkCurl(): void {
  try {
    execFileSync(curlPath, ['--version']);
  } catch (cause) {
    throw new Error('This test needs `curl` on the PATH. Install it: apt-get install curl', {
      cause,
    });
  }
}

it('curl -N prints readable lines as they come, before the work is done', async () => {
  checkCurl();
  const gates = [createDeferred(), createDeferred()];
  const task = defineTask({
    name: 'report',
    execute: async ({ task: reporter }) => {
      reporter.log('Connecting');
      await gates[0]?.promise;
      reporter.log('Writing');
      await gates[1]?.promise;
      return { pages: 3 };
    },
  });
  const route = createTaskRoute(task, { streamContext: createOwnContext(), allowGet: true });
  await withServer(toNodeHandler(route), async (origin) => {
    const curl = spawn(curlPath, [
      '-sNG',
      `${origin}/api/report`,
      ...['-d', `taskId=${createId()}`, '-d', 'events=named', '--data-urlencode', 'input={"a":1}'],
    ]);
    try {
      const closed = once(curl, 'close');
      let printed = '';
      curl.stdout.setEncoding('utf8');
      const lines = curl.stdout[Symbol.asyncIterator]();
      const until = async (line: RegExp) => {
        while (!line.test(printed)) {
          const { done, value } = await lines.next();
          if (done) throw new Error(`${line} never came: ${printed}`);
          printed += value;
        }
      };
      await until(/^id: \d+-2\nevent: task-log\ndata: .*"message":"Connecting".*\n\n/m);
      expect(relativeIds(printed)).toMatch(/^retry: 1000\n\nid: 0-0\ndata: \{"type":"start"\}\n\n/);
      expect(printed).not.toContain('Writing');
      gates[0]?.resolve();
      await until(/^event: task-log\ndata: .*"message":"Writing".*\n\n/m);
      expect(printed).not.toContain('settle');
      gates[1]?.resolve();
      await until(/^event: task-settle\ndata: .*"result":\{"pages":3\}.*\n\n/m);
      await until(/^event: done\ndata: \[DONE\]\n\n$/m);
      expect(await closed).toEqual([0, null]);
    } finally {
      curl.kill();
    }
  });
});
