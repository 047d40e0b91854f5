import fc from 'fast-check';

// Every run tries the same cases, so that what fails once fails again. FAST_CHECK_SEED tries others.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20_261_125) });

export { fc };
