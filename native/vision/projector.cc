#include "vision/projector.h"

#include "failure.h"
#include "ggml/symbols.h"

void require_projector(const GgufFile& file) {
  for (const char* key : {"clip.projector_type", "clip.vision.projector_type"}) {
    const std::string type = file.text(key).value_or("mlp");
    if (type != "mlp") {
      file.refuse(format("has a projector of type \"%s\"; LLaVA-1.5 has \"mlp\"", type.c_str()));
    }
  }
}

Projector plan_projector(
    const GgufFile& file, int64_t width,
    const std::function<Affine(const std::string& name, int64_t in, int64_t out)>& linear) {
  const int64_t hidden = file.need("mm.0.weight").ne[1];
  const int64_t output_width = file.need("mm.2.weight").ne[1];
  return {linear("mm.0", width, hidden), linear("mm.2", hidden, output_width), output_width};
}

ggml_tensor* project(ggml_context* context, ggml_tensor* rows, const Projector& projector,
                     const std::function<ggml_tensor*(ggml_tensor* rows, const Affine& matrix)>& linear) {
  return linear(g.ggml_gelu_erf(context, linear(rows, projector.in)), projector.out);
}
