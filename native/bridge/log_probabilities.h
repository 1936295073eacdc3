#pragma once

#include <vector>

#include "llama.h"

/**
 * Natural logarithms of the probabilities of tokens, from the raw logits of one output of the last batch: its
 * index there. Nothing else may use the context meanwhile. Throws INVALID_ARGUMENT for an index without
 * logits or a token that the vocabulary does not have.
 */
std::vector<double> log_probabilities(llama_context* context, int32_t index,
                                      const std::vector<llama_token>& tokens);

/**
 * The most probable tokens at one output of the last batch, the likeliest first; of equals the lower one. Fewer when the
 * vocabulary has no more. Throws INVALID_ARGUMENT as log_probabilities() does.
 */
std::vector<llama_token> likeliest_tokens(llama_context* context, int32_t index, int32_t most);

/**
 * Brings the logits of the last batch into the order of its tokens. llama.cpp does so when it is first asked for any, which
 * two threads must not do at once.
 */
void sort_logits(llama_context* context);

/**
 * Whether the logits at these outputs of the last batch are all finite: weights that are damaged, or too large for a
 * device's floats, compute others. Throws INVALID_ARGUMENT for an index without logits.
 */
bool logits_are_finite(llama_context* context, const std::vector<int32_t>& indexes);
