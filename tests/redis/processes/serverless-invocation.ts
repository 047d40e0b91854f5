// A process of `examples/serverless`, which serves one request.
import '../../../examples/serverless/invocation';
