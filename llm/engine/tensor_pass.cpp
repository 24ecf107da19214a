#include "llm/engine/tensor_pass.hpp"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>

#include "sim/expects.hpp"

namespace edgefuse::llm::engine {
namespace {

std::vector<Span> spans_of(const std::vector<MemberSpan>& members) {
  std::vector<Span> spans;
  for (const MemberSpan& part : members)
    spans.push_back(part.span);
  return spans;
}

std::vector<std::int64_t> numbers_of(const std::vector<MemberSpan>& members) {
  std::vector<std::int64_t> numbers;
  for (const MemberSpan& part : members)
    numbers.push_back(static_cast<std::int64_t>(part.member));
  return numbers;
}

}  // namespace

at::Tensor indices_on(std::span<const std::int64_t> numbers, at::Device device) {
  const at::Tensor host = at::empty({static_cast<std::int64_t>(numbers.size())}, at::TensorOptions().dtype(at::kLong));
  std::ranges::copy(numbers, host.data_ptr<std::int64_t>());
  return host.to(device);
}

TensorPacked::TensorPacked(const Packed& packed, at::Device device)
    : host{packed},
      positions{indices_on(packed.positions, device)},
      member_index{indices_on(numbers_of(packed.members), device)},
      rows{packed.rows, packed.size(), device},
      members{spans_of(packed.members), packed.size(), device} {}

TensorPass::TensorPass(const Pass& pass, at::Device device)
    : tokens{pass.tokens, device},
      queries{pass.queries, device},
      ids{indices_on(pass.ids, device)},
      query_tokens{indices_on(pass.query_tokens, device)},
      every_token_asks{pass.every_token_asks()} {
  EDGEFUSE_EXPECTS(pass.tokens.prefix == 0, "a pass whose rows share nothing");
}

}  // namespace edgefuse::llm::engine
