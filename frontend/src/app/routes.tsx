// Two addresses: the list, and one thread beside it.
// Next: Workspace.tsx

import { createBrowserRouter, Navigate } from 'react-router';
import { ChooseThread } from './ChooseThread.tsx';
import { ThreadPage } from './ThreadPage.tsx';
import { Workspace } from './Workspace.tsx';

export const router = createBrowserRouter([
  {
    path: '/',
    element: <Workspace />,
    children: [
      { index: true, element: <ChooseThread /> },
      { path: 'threads/:threadId', element: <ThreadPage /> },
      { path: '*', element: <Navigate to="/" replace /> },
    ],
  },
]);
