#include "llm/engine/rectangle.hpp"

#include <algorithm>

#include <ATen/ATen.h>

namespace edgefuse::llm::engine {

Rectangle::Rectangle(std::span<const Span> spans, std::int64_t packed_size, at::Device device)
    : rows_{static_cast<std::int64_t>(spans.size())} {
  for (const Span& span : spans)
    longest_ = std::max(longest_, span.size());
  const auto indices = at::TensorOptions().dtype(at::kLong);
  const at::Tensor sources = at::full({rows_ * longest_}, packed_size, indices);
  const at::Tensor places = at::empty({packed_size}, indices);
  for (std::int64_t row = 0; row < rows_; ++row) {
    const Span& span = spans[static_cast<std::size_t>(row)];
    for (std::int64_t i = 0; i < span.size(); ++i) {
      sources.data_ptr<std::int64_t>()[row * longest_ + i] = span.begin + i;
      places.data_ptr<std::int64_t>()[span.begin + i] = row * longest_ + i;
    }
  }
  sources_ = sources.to(device);
  places_ = places.to(device);
}

at::Tensor Rectangle::pad(const at::Tensor& packed) const {
  const at::Tensor with_zeros = at::cat({packed, at::zeros({1, packed.size(1)}, packed.options())});
  return with_zeros.index_select(0, sources_).view({rows_, longest_, packed.size(1)});
}

at::Tensor Rectangle::unpad(const at::Tensor& padded) const {
  return padded.flatten(0, 1).index_select(0, places_);
}

}  // namespace edgefuse::llm::engine
