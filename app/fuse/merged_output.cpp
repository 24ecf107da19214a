#include <set>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "app/fuse/fused_output.hpp"
#include "app/model_files.hpp"
#include "llm/checkpoint.hpp"
#include "llm/safetensors_writer.hpp"
#include "sim/error.hpp"
#include "sim/output_folder.hpp"

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* weights_name = "model.safetensors";

std::string tensor_name(llm::ModuleId id) {
  return id.name() + ".weight";
}

const llm::TensorEntry& entry_of(const llm::Checkpoint& base, const std::string& name) {
  return base.file_of(name).entries().find(name)->second;
}

std::map<std::string, llm::TensorType> types(const llm::Checkpoint& base) {
  std::map<std::string, llm::TensorType> types;
  for (const auto& [name, file] : base.names()) {
    const auto& entry = entry_of(base, name);
    types[name] = {.dtype = entry.dtype, .shape = entry.shape};
  }
  return types;
}

class MergedOutput final : public FusedOutput {
 public:
  MergedOutput(const fs::path& folder, const fs::path& base)
      : base_folder_{base}, base_{base}, files_{folder}, writer_{files_.partial() / weights_name, types(base_)} {
    for (const auto& [name, file] : base_.names())
      untouched_.insert(name);
  }

  void check(const std::map<llm::ModuleId, llm::MatrixShape>& shapes) const {
    std::vector<Mistake> mistakes;
    for (const auto& [id, shape] : shapes) {
      const auto name = tensor_name(id);
      const auto wanted = std::vector{shape.out, shape.in};
      if (untouched_.count(name) == 0 || entry_of(base_, name).shape != wanted)
        mistakes.push_back({.file = base_folder_.string(),
                            .key = name,
                            .problem = fmt::format("is not there as {} x {}", shape.out, shape.in),
                            .remedy = "name the base that the adapters were trained on"});
    }
    if (!mistakes.empty()) throw InputError{std::move(mistakes)};
  }

  Written take(llm::ModuleId id, const llm::ModuleDelta& change) override {
    const auto name = tensor_name(id);
    const auto type = entry_of(base_, name).dtype;
    const auto sum = base_.file_of(name).read(name, at::kFloat) + llm::dense(change).to(at::kFloat);
    const auto stored = sum.to(type);
    if (!at::isfinite(stored).all().item<bool>())
      throw InputError{Mistake{.file = base_folder_.string(),
                               .key = name,
                               .problem = "becomes too large for its type",
                               .remedy = "use smaller weights, or a base in F32 or BF16"}};
    writer_.write(name, stored);
    untouched_.erase(name);
    return {.change = change};
  }

  void finish() override {
    for (const auto& name : untouched_)
      writer_.write(name, base_.file_of(name).read(name));
    writer_.commit();
    fs::copy_file(base_folder_ / "config.json", files_.partial() / "config.json");
    copy_tokenizer(base_folder_, files_.partial());
    files_.commit("config.json");
  }

 private:
  fs::path base_folder_;
  llm::Checkpoint base_;
  OutputFolder files_;
  llm::SafetensorsWriter writer_;
  std::set<std::string> untouched_;
};

}  // namespace

std::unique_ptr<FusedOutput> merged_output(const fs::path& folder, const fs::path& base,
                                           const std::map<llm::ModuleId, llm::MatrixShape>& shapes) {
  auto output = std::make_unique<MergedOutput>(folder, base);
  output->check(shapes);
  return output;
}

}  // namespace edgefuse::app
