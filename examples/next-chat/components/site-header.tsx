'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { Wordmark } from './wordmark';

const pages = [
  { href: '/', title: 'Chat' },
  { href: '/report', title: 'Report desk' },
];

/** The name of the thing, and the way from one page to the other. */
export function SiteHeader({ model }: { model: string }) {
  const pathname = usePathname();
  return (
    <header className="masthead">
      <Wordmark />
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
