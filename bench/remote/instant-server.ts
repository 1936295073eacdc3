/*
 * A server in vLLM's shape that answers at once, in a process of its own: what is left is the client's work. Tells its parent
 * its address, then the number of questions answered whenever it is sent a message.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { StubServer } from '../../test/helpers/stub-server.js';

const ANSWER = JSON.stringify({
  id: 'chatcmpl-0',
  object: 'chat.completion',
  model: 'stub',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: ' The circle is red.' },
      logprobs: null,
      finish_reason: 'stop',
      stop_reason: null,
    },
  ],
  usage: { prompt_tokens: 629, total_tokens: 636, completion_tokens: 7, prompt_tokens_details: null },
});

// Models, version and the tokens of prompts are a few requests at the start.
await using stub = await StubServer.start({ owner: 'vllm' });
let answered = 0;
const server = createServer((request, response) => {
  if (request.url === '/v1/chat/completions') {
    request.resume().once('end', () => {
      answered++;
      response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER);
    });
    return;
  }
  void text(request)
    .then((body) => {
      const { method = 'GET', url = '/' } = request;
      return fetch(`${stub.address}${url}`, { method, ...(method === 'GET' ? {} : { body }) });
    })
    .then(async (passed) => response.writeHead(passed.status).end(await passed.text()));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('message', () => process.send?.(answered));
process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
await once(process, 'disconnect');
server.close();
server.closeAllConnections();
