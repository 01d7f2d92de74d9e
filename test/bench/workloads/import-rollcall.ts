import 'rollcall';
