import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import own from '../../../package.json' with { type: 'json' };
import { chatVersions } from '../../helpers/chat-versions';

const require = createRequire(import.meta.url);

function versionOf(name: string): string {
  const { version }: { version: string } = require(`${name}/package.json`);
  return version;
}

it('runs the tests of chats with the lowest versions of the AI SDK that it supports', () => {
  const lowest = [versionOf('ai-v6-lowest'), versionOf('ai-v7-lowest')];
  expect(own.peerDependencies.ai).toBe(lowest.map((version) => `^${version}`).join(' || '));
  const lowestReact = [versionOf('ai-sdk-react-v3-lowest'), versionOf('ai-sdk-react-v4-lowest')];
  expect(own.peerDependencies['@ai-sdk/react']).toBe(
    lowestReact.map((version) => `^${version}`).join(' || '),
  );
  const tested = chatVersions.map(({ version }) => version);
  expect(tested).toEqual(expect.arrayContaining(lowest));
});
