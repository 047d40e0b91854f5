import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ToolSet, UIDataTypes, UIMessage } from 'ai';

/** What a page wants of a chat: an answer to a message, or another answer than it has. */
export type ChatTrigger = 'submit-message' | 'regenerate-message';

/**
 * One turn of a chat: what a page has sent, reduced to what counts. It is plain JSON, is stored as
 * the input of the turn's task, and never has the history in it: what the turn makes of a chat is
 * computed from that and the stored messages, in each attempt anew.
 */
export interface ChatTurn<Message extends UIMessage = UIMessage> {
  chatId: string;
  trigger: ChatTrigger;
  /**
   * The question: a message of a person. Or an assistant's message that goes on, of which only outputs
   * of client tools and answers to approvals count. Absent when an answer is written anew.
   */
  message?: Message;
  /** The message that is edited or goes on; with `regenerate-message`, the answer that is written anew. */
  messageId?: string;
  /**
   * The last message that stays before the answer; `null` when the answer is the first message of
   * the chat. `applyTurn` fills it in.
   */
  afterId?: string | null;
  /** The first message that the turn removes, if it removes any. `applyTurn` fills it in. */
  goneId?: string;
  /** Whether the question was not in the chat before the turn. `applyTurn` fills it in. */
  isNew?: boolean;
  /** The id that a new message of the assistant gets. */
  answerId: string;
  /** What else the body of the request has, as it came. */
  body?: Readonly<Record<string, unknown>>;
}

/**
 * What has to be written to a table that has a row for each message. Ids of messages are made by pages,
 * so that those of two chats may be the same: the key of a row is the chat and the message together.
 */
export interface ChatChanges<Message extends UIMessage = UIMessage> {
  /**
   * Messages that are new, have changed, or stand in another place than before: insert or replace them
   * by their ids. They are those of the whole chat, so `messages.indexOf(message)` is the place of one.
   */
  readonly changed: readonly Message[];
  /** Ids of messages to delete. Delete them first. */
  readonly removed: readonly string[];
}

/** What a turn makes of a chat before its answer is there. */
export interface AppliedTurn<Message extends UIMessage = UIMessage> extends ChatChanges<Message> {
  /** The messages up to the question, or up to the message that goes on: the history of the answer. */
  readonly messages: Message[];
  /** What stays behind, when a message goes on that is not the last one, or an answer is there already. */
  readonly after: Message[];
  /** The turn with `afterId` and `goneId`, and of an assistant's message only what was taken. */
  readonly turn: ChatTurn<Message>;
  /** Whether the answer of this turn stands behind its question already. */
  readonly isAnswered: boolean;
}

/** What a page may send in a message, and what may be in messages at all. */
export interface ChatSchemas<
  Metadata = unknown,
  Data extends UIDataTypes = UIDataTypes,
  Tools extends ToolSet = ToolSet,
> {
  /** The tools of the chat. Those without `execute` are run by the page, which sends their outputs. */
  tools?: Tools;
  /** The chat's own data parts, by their names without `data-`. */
  dataPartSchemas?: { readonly [Name in keyof Data]: StandardSchemaV1<unknown, Data[Name]> };
  /** The metadata of messages that have some. */
  messageMetadataSchema?: StandardSchemaV1<unknown, Metadata>;
}
