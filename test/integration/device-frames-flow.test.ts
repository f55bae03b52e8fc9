// Remote devices by their frames, one tunnel port for all.
import { deviceCases } from './device-cases.js';
import { enterDeviceLab } from './device-lab.js';

await enterDeviceLab(import.meta.url);
void deviceCases('flow');
