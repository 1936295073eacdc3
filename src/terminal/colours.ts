import { env } from 'node:process';
import chalk, { Chalk, chalkStderr } from 'chalk';

/** Colours for stderr; none where `NO_COLOR` has any value (https://no-color.org), which chalk does not look at. */
export const colours = new Chalk({ level: (env['NO_COLOR'] ?? '') === '' ? chalkStderr.level : 0 });

/** Colours for an interface on stdout; none where `NO_COLOR` has any value. */
export const screenColours = new Chalk({ level: (env['NO_COLOR'] ?? '') === '' ? chalk.level : 0 });
