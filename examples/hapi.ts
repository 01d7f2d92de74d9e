// hapi: `register` takes the listener. The stop of the app, with its extensions, follows the drain.
import Hapi from '@hapi/hapi';
import { register } from 'rollcall';

const app = Hapi.server({ port: Number(process.env.PORT ?? 0), host: process.env.HOST ?? '127.0.0.1' });
app.route({ method: 'GET', path: '/', handler: () => 'hello\n' });
app.ext('onPostStop', () => console.log('the app has stopped'));
await app.start();

const registrar = await register(app.listener, {
  name: process.env.SERVICE_NAME ?? 'parcels',
  health: { path: '/health' },
});
registrar.onStop('after drain', 'hapi', () => app.stop());

const { state, id, port } = registrar.status();
console.log(`http://127.0.0.1:${port ?? 0} is ${state} as ${id ?? 'no id yet'}`);
