#!/usr/bin/env node
import module from 'node:module';

// Node 22 and later keep what they have compiled: starting takes a sixth less.
module.enableCompileCache?.();
await import('../dist/program/main.js');
