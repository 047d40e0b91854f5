import { memo } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';

const headings = {
  page: { h1: 'h3', h2: 'h3', h3: 'h4' },
  card: { h1: 'h4', h2: 'h4', h3: 'h5' },
} satisfies Record<string, Components>;

/** A text in Markdown, with headings that fit where it stands. */
export const Markdown = memo(function Markdown({
  text,
  within = 'page',
}: {
  text: string;
  within?: keyof typeof headings;
}) {
  return <ReactMarkdown components={headings[within]}>{text}</ReactMarkdown>;
});
