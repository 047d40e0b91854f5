import { ChatPage } from 'recipe:app/chat.tsx';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

createRoot(document.body).render(
  <StrictMode>
    <ChatPage id={new URL(location.href).searchParams.get('chat') ?? ''} />
  </StrictMode>,
);
