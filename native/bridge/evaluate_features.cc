#include "bridge/evaluate_features.h"

#include <algorithm>

#include "failure.h"
#include "ggml/symbols.h"

namespace {

bool is_set(void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load(); }

/** Lets llama.cpp look at the flag while it computes on a CPU, for as long as this lives. */
class AbortOn {
 public:
  AbortOn(llama_context* context, const std::atomic<bool>& flag) : context_(context) {
    g.llama_set_abort_callback(context_, is_set, const_cast<std::atomic<bool>*>(&flag));
  }
  ~AbortOn() { g.llama_set_abort_callback(context_, nullptr, nullptr); }
  AbortOn(const AbortOn&) = delete;
  AbortOn& operator=(const AbortOn&) = delete;

 private:
  llama_context* context_;
};

/** One call of llama_decode; its return value. */
int32_t decode(llama_context* context, const FeatureBatch& batch, int64_t first, int64_t count) {
  const auto size = static_cast<size_t>(count);
  std::vector<llama_pos> positions(size);
  std::vector<int32_t> sequence_counts(size, 1);
  llama_seq_id sequence = batch.sequence;
  std::vector<llama_seq_id*> sequences(size, &sequence);
  std::vector<int8_t> no_logits(size, 0);
  for (size_t i = 0; i < size; ++i)
    positions[i] = batch.position + static_cast<llama_pos>(first) + static_cast<llama_pos>(i);
  llama_batch piece{};
  piece.n_tokens = static_cast<int32_t>(count);
  piece.embd = const_cast<float*>(batch.values.data() + first * batch.width);  // llama_decode only reads it
  piece.pos = positions.data();
  piece.n_seq_id = sequence_counts.data();
  piece.seq_id = sequences.data();
  piece.logits = no_logits.data();
  const int32_t status = g.llama_decode(context, piece);
  g.llama_synchronize(context);
  return status;
}

}  // namespace

void check_batch(llama_context* context, const FeatureBatch& batch) {
  const int64_t width = g.llama_model_n_embd_inp(g.llama_get_model(context));
  if (batch.width != width) {
    throw Failure(code::kInvalidArgument,
                  format("the image features are %lld values wide, but the language model takes %lld",
                         static_cast<long long>(batch.width), static_cast<long long>(width)));
  }
  if (batch.sequence < 0 || batch.sequence >= static_cast<llama_seq_id>(g.llama_n_seq_max(context))) {
    throw Failure(code::kInvalidArgument,
                  format("there is no sequence %d among %u", batch.sequence, g.llama_n_seq_max(context)));
  }
  const int64_t end = batch.position + batch.tokens();
  if (batch.position < 0 || end > static_cast<int64_t>(g.llama_n_ctx_seq(context))) {
    throw Failure(code::kInvalidArgument,
                  format("positions %d to %lld do not fit into a context of %u tokens", batch.position,
                         static_cast<long long>(end), g.llama_n_ctx_seq(context)));
  }
  const llama_memory_t memory = g.llama_get_memory(context);
  if (memory == nullptr)
    throw Failure(code::kInvalidArgument, "the context keeps no state to add image features to");
  const llama_pos last = g.llama_memory_seq_pos_max(memory, batch.sequence);
  if (last + 1 != batch.position) {
    throw Failure(code::kInvalidArgument,
                  format("sequence %d ends at position %d, so nothing can be added at %d", batch.sequence,
                         last, batch.position));
  }
}

void evaluate_features(llama_context* context, const FeatureBatch& batch,
                       const std::atomic<bool>& cancelled) {
  const int64_t most = std::max<int64_t>(1, g.llama_n_batch(context));
  int32_t status = 0;
  {
    const AbortOn abort(context, cancelled);
    for (int64_t first = 0; status == 0 && !cancelled && first < batch.tokens(); first += most) {
      status = decode(context, batch, first, std::min(most, batch.tokens() - first));
    }
  }
  if (status == 0 && !cancelled) return;
  g.llama_memory_seq_rm(g.llama_get_memory(context), batch.sequence, batch.position, -1);
  if (cancelled) throw Failure(code::kCancelled, "evaluating the image features was cancelled");
  if (status == 1) throw Failure(code::kEngine, "the context has no room left for the image features");
  if (status == -2) throw Failure(code::kOutOfMemory, "no memory for evaluating the image features");
  throw Failure(code::kEngine, format("llama.cpp failed to evaluate the image features (status %d)", status));
}
