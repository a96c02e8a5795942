// Serves the built dist/ with the client package's mock behind it, for looking at the pages
// without a suite:
//   npm run build -w frontend && npm run mock -w frontend
// Plain HTTP on loopback; the Content-Security-Policy is the gateway's.

import type { Server } from 'node:http';
import { defineConfig, type Plugin } from 'vite';
import { answerHttp } from '../../clients/typescript/test/mock-http.ts';
import { MockWardroom } from '../../clients/typescript/test/mock-wardroom.ts';
import { fillDemo } from './mock-demo.ts';

const CSP =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
  "connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

function wardroom(): Plugin {
  return {
    name: 'mock-wardroom',
    configurePreviewServer(preview) {
      const mock = new MockWardroom();
      fillDemo(mock);
      mock.attach(preview.httpServer as Server);
      preview.middlewares.use((request, response, next) => {
        response.setHeader('Content-Security-Policy', CSP);
        if (request.url === '/mock/cut') {
          mock.cutAll();
          response.end('cut');
          return;
        }
        answerHttp(mock, request, response).then((done) => done || next(), next);
      });
    },
  };
}

export default defineConfig({
  plugins: [wardroom()],
  preview: { host: '127.0.0.1', port: 8499, strictPort: true },
});
