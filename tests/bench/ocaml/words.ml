(* How often each word occurs in a text with a space behind every word. *)
module Texts = Map.Make (String)

let rec count text from words t =
  match String.index_from_opt text from ' ' with
  | None -> (words, t)
  | Some stop ->
    let word = String.sub text from (stop - from) in
    let before = match Texts.find_opt word t with Some n -> n | None -> 0 in
    count text (stop + 1) (words + 1) (Texts.add word (before + 1) t)

let () =
  Bench.main (fun _ text ->
      let words, t = count text 0 0 Texts.empty in
      let most = Texts.fold (fun _ n most -> max n most) t 0 in
      string_of_int ((words * 1000000) + (Texts.cardinal t * 100) + (most mod 100)))
