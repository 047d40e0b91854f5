/**
 * The path of an installed Chromium, or `undefined`.
 *
 * @throws when CHROMIUM_PATH names something that cannot be run.
 */
export function findChromium(): string | undefined;

/**
 * The path of a Chromium, installed from Debian's packages when there is none yet.
 *
 * @throws when there is none and it cannot be installed here; the message says what to do.
 */
export function findOrInstallChromium(): string;
