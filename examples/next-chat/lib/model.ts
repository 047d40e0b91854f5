/** The name by which `npm run demo` asks its local endpoint when there is no API key. */
const localModel = 'local-writer';

/** The model that writes the reports. */
export function modelName(): string {
  return process.env.OPENAI_MODEL || 'gpt-5.4-mini';
}

/** Whether the local endpoint writes the reports, which breaks off for topics with "fail". */
export function isLocalModel(): boolean {
  return modelName() === localModel;
}
