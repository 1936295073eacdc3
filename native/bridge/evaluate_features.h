#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "llama.h"

/** Image features to evaluate in a sequence, one position a token, as if they were the embeddings of its
 * text. */
struct FeatureBatch {
  std::vector<float> values;  // tokens × width
  int64_t width;              // must be the language model's
  llama_seq_id sequence;
  llama_pos position;  // of the first token; the sequence must end right before it
  int64_t tokens() const { return static_cast<int64_t>(values.size()) / width; }
};

/** Throws INVALID_ARGUMENT when the batch does not fit the context as it is now. */
void check_batch(llama_context* context, const FeatureBatch& batch);

/**
 * Evaluates a checked batch and waits for the result. No logits are computed. When it fails or is cancelled,
 * the sequence is cut back to where it was. Nothing else may use the context meanwhile. Throws CANCELLED,
 * ENGINE.
 */
void evaluate_features(llama_context* context, const FeatureBatch& batch, const std::atomic<bool>& cancelled);
