import { Registrar } from 'rollcall';

new Registrar({ name: 'orders' });
