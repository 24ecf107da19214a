#include "llm/safetensors_writer.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "llm/safetensors_format.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path,
                                     const std::map<std::string, TensorType>& tensors)
    : file_{path} {
  // Wide elements first, then by name: every tensor then starts at a multiple of its element's size.
  std::vector<std::pair<std::string, TensorType>> order(tensors.begin(), tensors.end());
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [](const auto& named) { return c10::elementSize(named.second.dtype); });

  auto header = nlohmann::ordered_json::object();
  header["__metadata__"] = {{"format", "pt"}};  // transformers refuses files without it
  std::uint64_t offset = 0;
  for (const auto& [name, type] : order) {
    EDGEFUSE_EXPECTS(!name_of(type.dtype).empty(), "a tensor that safetensors can hold");
    std::uint64_t end = offset + c10::elementSize(type.dtype);
    for (const auto size : type.shape)
      end = offset + (end - offset) * static_cast<std::uint64_t>(size);
    header[name] = {{"dtype", name_of(type.dtype)}, {"shape", type.shape}, {"data_offsets", {offset, end}}};
    missing_[name] = {.dtype = type.dtype, .shape = type.shape, .begin = offset, .end = end};
    offset = end;
  }
  std::string text = header.dump();
  text.append((length_bytes - text.size() % length_bytes) % length_bytes, ' ');
  const std::uint64_t length = text.size();
  file_.write(std::as_bytes(std::span{&length, 1}));
  file_.write(std::as_bytes(std::span{text}));
  data_begin_ = length_bytes + length;
}

void SafetensorsWriter::write(const std::string& name, const at::Tensor& tensor) {
  const auto promised = missing_.extract(name);
  EDGEFUSE_EXPECTS(!promised.empty(), "a tensor that was promised, and is written once");
  const auto& entry = promised.mapped();
  EDGEFUSE_EXPECTS(tensor.scalar_type() == entry.dtype && tensor.sizes() == at::IntArrayRef{entry.shape},
                   "a tensor comes as it was promised");
  const auto own = tensor.contiguous();
  file_.write_at(data_begin_ + entry.begin, {static_cast<const std::byte*>(own.data_ptr()), own.nbytes()});
}

void SafetensorsWriter::commit() {
  EDGEFUSE_EXPECTS(missing_.empty(), "every promised tensor was written");
  file_.commit();
}

void write_safetensors(const std::filesystem::path& path, const std::map<std::string, at::Tensor>& tensors) {
  std::map<std::string, TensorType> types;
  for (const auto& [name, tensor] : tensors) {
    EDGEFUSE_EXPECTS(tensor.defined(), "a tensor that safetensors can hold");
    types[name] = {.dtype = tensor.scalar_type(), .shape = tensor.sizes().vec()};
  }
  SafetensorsWriter writer{path, types};
  for (const auto& [name, tensor] : tensors)
    writer.write(name, tensor);
  writer.commit();
}

}  // namespace edgefuse::llm
