import { testStreamContext } from 'ai-task-stream/testing';
import { describe, it } from 'vitest';
import { createMapStreamContext, MapStorage } from './map-stream-context';

const storage = new MapStorage();

testStreamContext(() => createMapStreamContext(storage), {
  describe,
  it,
  name: 'A plain map',
  without: ['attempts', 'open tasks'],
});
