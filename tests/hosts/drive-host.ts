import { it } from 'vitest';
import type { HostUnderTest } from './report-client';
import {
  expectToCancel,
  expectToNoticeThatTheReaderLeft,
  expectToOutliveItsReader,
  expectToRefuse,
  expectToSurviveCuts,
} from './scenarios';

/** What every host has to do. */
export function driveHost(host: () => HostUnderTest): void {
  it('resumes after cuts without loss or doubling, and then has nothing left', () =>
    expectToSurviveCuts(host()));
  it('sends the first frames at once, and cancels by DELETE', () => expectToCancel(host()));
  it('lets the task go on when its reader leaves', () => expectToOutliveItsReader(host()));
  it('notices that a reader has left', () => expectToNoticeThatTheReaderLeft(host()));
  it('refuses an input as JSON', () => expectToRefuse(host()));
}
