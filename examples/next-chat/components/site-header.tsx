'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';

const pages = [
  { href: '/', title: 'Chat' },
  { href: '/report', title: 'Report desk' },
];

/** The name of the thing, and the way from one page to the other. */
export function SiteHeader({ model }: { model: string }) {
  const pathname = usePathname();
  return (
    <header className="masthead">
      <p className="wordmark">
        <svg aria-hidden="true" viewBox="0 0 32 32" width="22" height="22">
          <rect width="32" height="32" rx="8" className="wordmark-tile" />
          <path d="M7 20h7M7 14h12M7 8h18" className="wordmark-lines" />
          <circle cx="22" cy="21" r="4" className="wordmark-dot" />
        </svg>
        <span>ai-task-stream</span>
      </p>
      <nav aria-label="Pages">
        {pages.map(({ href, title }) => (
          <Link key={href} href={href} aria-current={pathname === href ? 'page' : undefined}>
            {title}
          </Link>
        ))}
      </nav>
      <p className="model">
        Written by <strong>{model}</strong>
      </p>
    </header>
  );
}
