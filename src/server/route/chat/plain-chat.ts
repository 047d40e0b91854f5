import type { ChatTurn } from '../../chat/chat-types';
import type { CreateChatRouteOptions } from './chat-route';

/** The options of a chat without the types that only its host and its page know. */
export type PlainChat = CreateChatRouteOptions;

/** The input of a turn's task: what the page sent, reduced to what counts, and who it is. */
export interface TurnInput {
  readonly turn: ChatTurn;
  readonly owner?: string;
  /** How far the message had come that goes on, with what the page sent of it. */
  readonly from?: string;
}
