#include "vision/graph.h"

#include <cmath>

#include "failure.h"

namespace {

constexpr size_t kNodesPerBlock = 64;

class Builder {
 public:
  Builder(VisionGraph& built, const VisionShape& shape, Attention attention, int threads)
      : built_(built),
        c_(built.context.get()),
        shape_(shape),
        fused_(attention == Attention::kFused),
        threads_(threads) {}

  ggml_tensor* embed(ggml_tensor* patches, const VisionWeights& weights) {
    ggml_tensor* rows = g.ggml_mul_mat(c_, weights.patch, patches);
    rows = g.ggml_concat(c_, weights.class_token, rows, 1);
    return norm(g.ggml_add(c_, rows, weights.position), weights.pre_norm);
  }

  ggml_tensor* block(ggml_tensor* rows, const BlockWeights& weights) {
    rows = g.ggml_add(c_, attention(norm(rows, weights.norm1), weights), rows);
    ggml_tensor* hidden = activate(linear(norm(rows, weights.norm2), weights.mlp_in));
    return g.ggml_add(c_, linear(hidden, weights.mlp_out), rows);
  }

  /** Rows of patches only, the class row left out: [width, tokens] → [output_width, tokens]. */
  ggml_tensor* project(ggml_tensor* rows, const Projector& projector) {
    rows = g.ggml_cont(c_, g.ggml_view_2d(c_, rows, shape_.width, shape_.tokens(), rows->nb[1], rows->nb[1]));
    return ::project(c_, rows, projector,
                     [this](ggml_tensor* input, const Affine& matrix) { return linear(input, matrix); });
  }

  /** softmax(q kᵀ / √d) of the class row alone, in the block that was built last: [positions, 1, heads]. */
  ggml_tensor* class_attention() {
    ggml_tensor* query =
        g.ggml_view_3d(c_, query_, shape_.head_size(), 1, shape_.heads, query_->nb[1], query_->nb[2], 0);
    ggml_tensor* scores = g.ggml_mul_mat(c_, key_, query);
    g.ggml_prec_set_acc(scores, GGML_PREC_F32);
    return g.ggml_soft_max_ext(c_, scores, nullptr, scale(), 0);
  }

 private:
  ggml_tensor* linear(ggml_tensor* rows, const Affine& weights) {
    if (weights.in_panels) return multiply_panels(rows, weights);
    return g.ggml_add(c_, g.ggml_mul_mat(c_, weights.weight, rows), weights.bias);
  }

  ggml_tensor* multiply_panels(ggml_tensor* rows, const Affine& weights) {
    built_.scratch.resize(PanelMatmul::scratch_size(threads_));
    built_.matmuls.push_back(
        std::make_unique<PanelMatmul>(weights.weight, weights.bias, built_.scratch.data(), threads_));
    return built_.matmuls.back()->apply(c_, rows);
  }

  ggml_tensor* norm(ggml_tensor* rows, const Affine& weights) {
    return g.ggml_add(c_, g.ggml_mul(c_, g.ggml_norm(c_, rows, shape_.epsilon), weights.weight),
                      weights.bias);
  }

  ggml_tensor* activate(ggml_tensor* rows) {
    switch (shape_.activation) {
      case VisionShape::Activation::kGelu: return g.ggml_gelu_erf(c_, rows);
      case VisionShape::Activation::kSilu: return g.ggml_silu(c_, rows);
      default: break;
    }
    // x·sigmoid(1.702x) = silu(1.702x) / 1.702. ggml's own gelu_quick looks values up in a float16 table.
    rows = g.ggml_silu_inplace(c_, g.ggml_scale_inplace(c_, rows, 1.702f));
    return g.ggml_scale_inplace(c_, rows, 1 / 1.702f);
  }

  ggml_tensor* heads(ggml_tensor* rows) {
    return g.ggml_reshape_3d(c_, rows, shape_.head_size(), shape_.heads, shape_.positions());
  }

  ggml_tensor* attention(ggml_tensor* rows, const BlockWeights& weights) {
    ggml_tensor* query = g.ggml_permute(c_, heads(linear(rows, weights.query)), 0, 2, 1, 3);
    ggml_tensor* key = g.ggml_permute(c_, heads(linear(rows, weights.key)), 0, 2, 1, 3);
    ggml_tensor* value = heads(linear(rows, weights.value));
    query_ = query;
    key_ = key;
    ggml_tensor* mixed = fused_ ? fused_attention(query, key, value) : plain_attention(query, key, value);
    return linear(mixed, weights.out);
  }

  ggml_tensor* fused_attention(ggml_tensor* query, ggml_tensor* key, ggml_tensor* value) {
    value = g.ggml_permute(c_, value, 0, 2, 1, 3);
    ggml_tensor* mixed = g.ggml_flash_attn_ext(c_, query, key, value, nullptr, scale(), 0, 0);
    g.ggml_prec_set_acc(mixed, GGML_PREC_F32);
    return g.ggml_reshape_2d(c_, mixed, shape_.width, shape_.positions());
  }

  ggml_tensor* plain_attention(ggml_tensor* query, ggml_tensor* key, ggml_tensor* value) {
    ggml_tensor* scores = g.ggml_mul_mat(c_, key, query);
    g.ggml_prec_set_acc(scores, GGML_PREC_F32);
    scores = g.ggml_soft_max_ext(c_, scores, nullptr, scale(), 0);
    value = g.ggml_cont(c_, g.ggml_permute(c_, value, 1, 2, 0, 3));
    ggml_tensor* mixed = g.ggml_mul_mat(c_, value, scores);
    g.ggml_prec_set_acc(mixed, GGML_PREC_F32);
    return g.ggml_cont_2d(c_, g.ggml_permute(c_, mixed, 0, 2, 1, 3), shape_.width, shape_.positions());
  }

  float scale() const { return 1 / std::sqrt(static_cast<float>(shape_.head_size())); }

  VisionGraph& built_;
  ggml_context* c_;
  const VisionShape& shape_;
  const bool fused_;
  const int threads_;
  // Of the block that was built last: [head_size, positions, heads].
  ggml_tensor* query_ = nullptr;
  ggml_tensor* key_ = nullptr;
};

}  // namespace

VisionGraph build_vision_graph(const VisionShape& shape, const VisionWeights& weights, Attention attention,
                               int threads) {
  VisionGraph built;
  built.capacity = kNodesPerBlock * (static_cast<size_t>(shape.blocks) + 1);
  const size_t size =
      built.capacity * g.ggml_tensor_overhead() + g.ggml_graph_overhead_custom(built.capacity, false);
  built.context.reset(g.ggml_init({size, nullptr, true}));
  if (built.context == nullptr) throw Failure(code::kOutOfMemory, "no memory for the vision tower's graph");
  ggml_context* context = built.context.get();
  built.input = g.ggml_new_tensor_2d(context, GGML_TYPE_F32, shape.patch_values(), shape.tokens());
  g.ggml_set_input(built.input);
  Builder builder(built, shape, attention, threads);
  ggml_tensor* rows = builder.embed(built.input, weights);
  for (const BlockWeights& block : weights.blocks) rows = builder.block(rows, block);
  built.output = builder.project(rows, weights.projector);
  g.ggml_set_output(built.output);
  built.attention = builder.class_attention();
  g.ggml_set_output(built.attention);
  built.graph = g.ggml_new_graph_custom(context, built.capacity, false);
  g.ggml_build_forward_expand(built.graph, built.attention);
  g.ggml_build_forward_expand(built.graph, built.output);
  return built;
}
