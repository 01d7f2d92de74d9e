/** Of targets: `rollcall:///orders`. */
export const SCHEME = 'rollcall';
/** Of the balancing policy, in a service config. */
export const POLICY = 'rollcall';
/** How the service comes to the policy, beside the options of the channel. */
export const SERVICE = 'rollcall.service';
