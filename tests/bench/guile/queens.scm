;; Ten times: how many ways there are to place n queens; those placed are a list, the newest first.
(use-modules (bench))

(define (safe? queen distance placed)
  (or (null? placed)
      (let ((q (car placed)))
        (and (not (= q queen))
             (not (= (+ q distance) queen))
             (not (= (+ queen distance) q))
             (safe? queen (+ distance 1) (cdr placed))))))

(define (solutions n rows placed)
  (if (= rows 0)
      1
      (let try ((queen 0) (count 0))
        (cond ((= queen n) count)
              ((safe? queen 1 placed)
               (try (+ queen 1) (+ count (solutions n (- rows 1) (cons queen placed)))))
              (else (try (+ queen 1) count))))))

(bench
 (lambda (n)
   (let rounds ((times 10) (total 0))
     (if (= times 0)
         total
         (rounds (- times 1) (+ total (solutions n n '())))))))
