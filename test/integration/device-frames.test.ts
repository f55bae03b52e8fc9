// Remote devices by their frames, a tunnel port for each far end.
import { deviceCases } from './device-cases.js';
import { enterDeviceLab } from './device-lab.js';

await enterDeviceLab(import.meta.url);
void deviceCases('per-remote');
