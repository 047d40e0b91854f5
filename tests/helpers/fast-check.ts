import fc from 'fast-check';

// The same cases in every run, so that what fails once fails again. Others: FAST_CHECK_SEED.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20_261_125) });

export { fc };
