;; Takeuchi's function.
(use-modules (bench))

(define (tak x y z)
  (if (<= x y)
      z
      (tak (tak (- x 1) y z) (tak (- y 1) z x) (tak (- z 1) x y))))

(bench (lambda (n) (tak (* 3 n) (* 2 n) n)))
