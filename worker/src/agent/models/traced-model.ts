import type { Model } from '@openai/agents';
import type { Tracing } from '@muster/runtime/tracing';
import type { ChosenModel } from './provider.ts';

/** The same model, each call to it a span: how long it took, and when its first word came. Never what was said. */
export function traceModel({ model, name }: ChosenModel, tracing: Tracing): ChosenModel {
  if (!tracing.isOn) return { model, name };
  const begin = () => tracing.begin('model', { kind: 'client', attributes: { 'gen_ai.request.model': name } });
  const traced: Model = {
    async getResponse(request) {
      const span = begin();
      try {
        const response = await model.getResponse(request);
        span?.end();
        return response;
      } catch (fault) {
        span?.end(fault);
        throw fault;
      }
    },
    async *getStreamedResponse(request) {
      const span = begin();
      let fault: unknown;
      let hasSpoken = false;
      try {
        for await (const event of model.getStreamedResponse(request)) {
          if (!hasSpoken && event.type === 'output_text_delta') {
            hasSpoken = true;
            span?.note('first word');
          }
          yield event;
        }
      } catch (caught) {
        fault = caught;
        throw caught;
      } finally {
        span?.end(fault);
      }
    },
  };
  return { model: traced, name };
}
