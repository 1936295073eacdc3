#include "addon/open_worker.h"

#include "addon/promise_worker.h"
#include "addon/tower_object.h"

namespace {

class OpenWorker : public PromiseWorker {
 public:
  OpenWorker(Napi::Env env, std::string path, std::string device, int threads)
      : PromiseWorker(env, "llava:open"),
        path_(std::move(path)),
        device_(std::move(device)),
        threads_(threads) {}

 private:
  void work(const std::atomic<bool>& cancelled) override {
    tower_ = std::make_shared<VisionTower>(path_, device_, threads_, cancelled);
  }
  Napi::Value result() override { return TowerObject::make(Env(), std::move(tower_)); }

  std::string path_;
  std::string device_;
  int threads_;
  std::shared_ptr<VisionTower> tower_;
};

}  // namespace

Napi::Value open_tower(Napi::Env env, const std::string& path, const std::string& device, int threads) {
  auto* worker = new OpenWorker(env, path, device, threads);
  worker->Queue();
  return worker->promise();
}
