// What docs/chat.md shows, as the test bundles it.

declare module 'recipe:app/api/chats/route.ts' {
  export function POST(request: Request): Promise<Response>;
}

declare module 'recipe:app/api/chats/[id]/route.ts' {
  interface Context {
    params: Promise<{ id: string }>;
  }
  export function GET(request: Request, context: Context): Promise<Response>;
}

declare module 'recipe:app/api/chats/[id]/stream/route.ts' {
  interface Context {
    params: Promise<{ id: string }>;
  }
  export function GET(request: Request, context: Context): Promise<Response>;
  export function DELETE(request: Request, context: Context): Promise<Response>;
}

declare module 'recipe:app/chat.tsx' {
  export function ChatPage(props: { id: string }): React.ReactNode;
}
