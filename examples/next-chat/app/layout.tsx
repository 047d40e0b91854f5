import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { SiteHeader } from '../components/site-header';
import { isLocalModel, modelName } from '../lib/model';
import './globals.css';
import './chat.css';

// The model is chosen when the server starts, not when the page is built.
export const dynamic = 'force-dynamic';

export const metadata: Metadata = {
  title: { default: 'Chat · ai-task-stream', template: '%s · ai-task-stream' },
  description: 'Slow work on the server, watched from a page that may come and go.',
};

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f6f5f1' },
    { media: '(prefers-color-scheme: dark)', color: '#131618' },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <SiteHeader model={isLocalModel() ? 'the local practice model' : modelName()} />
        {children}
      </body>
    </html>
  );
}
