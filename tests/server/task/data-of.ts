import { storedChunksIn } from '../../helpers/sse';

export function dataOf<Data>(text: string, type: string): Data[] {
  return storedChunksIn(text).flatMap((chunk) =>
    chunk.type === type ? (chunk as { data: Data }).data : [],
  );
}
