#include "addon/evaluate_worker.h"

#include "addon/promise_worker.h"

namespace {

class EvaluateWorker : public PromiseWorker {
 public:
  EvaluateWorker(Napi::Env env, Napi::Object owner, llama_context* context, FeatureBatch batch)
      : PromiseWorker(env, "llava:evaluate"),
        owner_(Napi::Persistent(owner)),
        context_(context),
        batch_(std::move(batch)),
        evaluating_(env.GetInstanceData<AddonState>()->evaluating) {
    evaluating_.insert(flag());
  }

 private:
  void work(const std::atomic<bool>& cancelled) override { evaluate_features(context_, batch_, cancelled); }
  Napi::Value result() override { return Env().Undefined(); }
  void ended() override { evaluating_.erase(flag()); }

  Napi::ObjectReference owner_;
  llama_context* context_;
  FeatureBatch batch_;
  std::set<Flag>& evaluating_;
};

}  // namespace

Napi::Value start_evaluation(Napi::Env env, Napi::Object owner, llama_context* context, FeatureBatch batch) {
  check_batch(context, batch);
  auto* worker = new EvaluateWorker(env, owner, context, std::move(batch));
  worker->Queue();
  return worker->promise();
}
